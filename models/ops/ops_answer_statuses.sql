{{ assay._assay_answer_statuses() }}
